import { isTemplate, jinjaFor, type TemplateNames } from './jinja.ts';

/** A text of a notification with the names of what happened. Throws `TemplateError`, naming what is undefined. */
export async function renderMessage(
  text: string,
  names: TemplateNames,
  dagDirectory: string,
): Promise<string> {
  if (!isTemplate(text)) return text;
  return (await jinjaFor(dagDirectory)).render({ text, path: null, field: 'message' }, names);
}
