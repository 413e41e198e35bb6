export {
  type ElementPort,
  MAX_RENDERED_TEXT,
  type RenderedFields,
  renderFields,
  renderValue,
  templateNames,
} from './render-fields.ts';
export { MAX_RENDERED_MAP_INDEX, renderMapIndex } from './render-map-index.ts';
export { renderMessage } from './render-message.ts';
export { TemplateError } from './template-error.ts';
