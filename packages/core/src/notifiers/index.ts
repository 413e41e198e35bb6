export type { CallbackFacts, DeadlineFacts } from './callback-facts.ts';
export type {
  Callback,
  Callbacks,
  Notification,
  NotificationEvent,
} from './notification.ts';
