export { dagHorizon, type HorizonNeed } from './dag-horizon.ts';
export { parseSerializedDag, SerializedDagError } from './parse-serialized-dag.ts';
export { serializeDag } from './serialize-dag.ts';
export {
  type LiveNumber,
  type PlanReference,
  SERIALIZED_DAG_FORMAT,
  type SerializedAsset,
  type SerializedDag,
  type SerializedDeadline,
  type SerializedExpansion,
  type SerializedGroup,
  type SerializedGroupRetry,
  type SerializedInput,
  type SerializedList,
  type SerializedLoop,
  type SerializedMapArgument,
  type SerializedTask,
  type VariableReference,
} from './serialized-dag.ts';
