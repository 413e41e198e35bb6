import { TsflowError } from '../errors.ts';
import { SERIALIZED_DAG_FORMAT, type SerializedDag } from './serialized-dag.ts';

/** Thrown when a stored DAG cannot be read: it is damaged, or a newer tsflow wrote it. */
export class SerializedDagError extends TsflowError {
  constructor(problem: string, options?: ErrorOptions) {
    super('serialized_dag', `The stored DAG cannot be read: ${problem}`, options);
  }
}

/** Reads what `serializeDag` gave, from its JSON text. Throws {@link SerializedDagError}. */
export function parseSerializedDag(json: string): SerializedDag {
  let value: Partial<SerializedDag> | null;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new SerializedDagError('it is no JSON.', { cause: error });
  }
  if (typeof value !== 'object' || value === null) throw new SerializedDagError('it is no JSON object.');
  if (value.format !== SERIALIZED_DAG_FORMAT) {
    throw new SerializedDagError(
      `its format is ${JSON.stringify(value.format)}, this tsflow reads ${SERIALIZED_DAG_FORMAT}. Run the version that wrote it, or let the dag processor parse the file again.`,
    );
  }
  if (typeof value.dagId !== 'string' || !Array.isArray(value.tasks) || !Array.isArray(value.groups)) {
    throw new SerializedDagError('its dagId, tasks or groups are missing.');
  }
  return value as SerializedDag;
}
