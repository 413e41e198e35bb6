export { MAX_RENDERED_TEXT, type RenderedFields, renderFields, templateNames } from './render-fields.ts';
export { TemplateError } from './template-error.ts';
