export type {
  Callback,
  Callbacks,
  Notification,
  NotificationEvent,
  NotificationLog,
} from './notification.ts';
