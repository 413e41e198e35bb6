/**
 * What people call a task instance, everywhere the same: `load`, or `load [3.0]` when it is mapped, with the name of its map index behind that
 * when it has one: `load [3: tokyo]`. A mapped group is called likewise.
 */
export function instanceName(taskId: string, mapPath: string, renderedMapIndex?: string | null): string {
  if (mapPath === '') return taskId;
  return renderedMapIndex ? `${taskId} [${mapPath}: ${renderedMapIndex}]` : `${taskId} [${mapPath}]`;
}
