import { instanceName } from '../state/index.ts';
import type { Notification } from './notification.ts';

/** What a message says: a Jinja-style text over the members of {@link Notification}, or a function of it. */
export type MessageTemplate = string | ((notification: Notification) => string | Promise<string>);

/** The text of a message; without a template what {@link defaultMessage} says. */
export async function messageText(
  template: MessageTemplate | undefined,
  notification: Notification,
): Promise<string> {
  if (template === undefined) return defaultMessage(notification);
  return typeof template === 'string' ? notification.render(template) : template(notification);
}

/** `etl.load failed (try 3 of 3)`: one line that says what happened to what. */
export function headline(notification: Notification): string {
  const { event, dagId, taskId, mapPath, renderedMapIndex } = notification;
  const { tryNumber, maxTries, recovered, deadline } = notification;
  const what = `${dagId}${taskId === null ? '' : `.${instanceName(taskId, mapPath, renderedMapIndex)}`}`;
  const tries = taskId === null || maxTries === 0 ? '' : ` (try ${tryNumber} of ${maxTries + 1})`;
  switch (event) {
    case 'onFailure':
      return `${what} failed${tries}`;
    case 'onRetry':
      return `${what} failed and is tried again${tries}`;
    case 'onSuccess':
      return recovered ? `${what} recovered${tries}` : `${what} succeeded${tries}`;
    case 'onSkipped':
      return `${what} was skipped`;
    case 'onExecute':
      return `${what} started${tries}`;
    case 'onMiss':
      return `${what} missed its deadline "${deadline?.name}" (${deadline?.dueAt.toISOString()})`;
  }
}

/** What happened, why, of which run, who is asked about it, and where to look. */
export function defaultMessage(notification: Notification): string {
  const { runId, logicalDate, error, reason, failedTasks, owner, url } = notification;
  const lines = [
    headline(notification),
    error === null ? (reason ?? '') : `${error.name}: ${error.message}`,
    failedTasks.length === 0 ? '' : `failed: ${failedTasks.join(', ')}`,
    `run ${runId}, logical date ${logicalDate.toISOString()}`,
    owner === null ? '' : `owner ${owner}`,
    url ?? '',
  ];
  return lines.filter((line) => line !== '').join('\n');
}
