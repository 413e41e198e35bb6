// describeParams is not among these: './json-schema.ts' loads zod, which a DAG file without params must not pay for.
export {
  isParamReference,
  type ParamReference,
  type ParamReferences,
  paramReferences,
} from './param-reference.ts';
export type { ConfOf, Params, ParamsOf, ParamsSchema } from './params-schema.ts';
export { InvalidParamsError, parseParams } from './parse-params.ts';
