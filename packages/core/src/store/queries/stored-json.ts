import type { Json } from '../../json.ts';

/** A JSON document of a column. Null for null; what is not JSON comes back as its text, because history must stay readable. */
export function storedJson<T = Json>(text: string | null): T | null {
  if (text === null) return null;
  try {
    return JSON.parse(text) as T;
  } catch {
    return text as T;
  }
}
