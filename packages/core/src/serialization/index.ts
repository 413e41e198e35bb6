export {
  type LiveNumber,
  SERIALIZED_DAG_FORMAT,
  type SerializedDag,
  type SerializedGroup,
  type SerializedInput,
  type SerializedTask,
  type VariableReference,
} from './serialized-dag.ts';
