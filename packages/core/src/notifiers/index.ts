export {
  type Alert,
  type AlertDelivery,
  type AlertKind,
  type AlertRule,
  alertRows,
  alertSubject,
  isWanted,
} from './alert.ts';
export { type AlertCallbacks, type AlertEvent, alerts, recovered } from './alerts.ts';
export type { CallbackFacts, DeadlineFacts } from './callback-facts.ts';
export { type EmailOptions, email } from './email.ts';
export { DeliveryFailedError } from './http-delivery.ts';
export type { MessageTemplate } from './message.ts';
export type {
  Callback,
  Callbacks,
  Notification,
  NotificationEvent,
} from './notification.ts';
export { MailFailedError, sendMail } from './send-mail.ts';
export { postToSlack, type SlackOptions, slack } from './slack.ts';
export { postToWebhook, type WebhookOptions, webhook } from './webhook.ts';
