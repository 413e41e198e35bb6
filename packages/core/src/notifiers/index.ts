export type {
  Callback,
  Callbacks,
  Notification,
  NotificationEvent,
} from './notification.ts';
