export type { Json, Jsonify, JsonObject } from './json.ts';
