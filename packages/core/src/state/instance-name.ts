/** What people call a task instance, everywhere the same: `load`, or `load [3.0]` when it is mapped. A mapped group is called likewise. */
export function instanceName(taskId: string, mapPath: string): string {
  return mapPath === '' ? taskId : `${taskId} [${mapPath}]`;
}
