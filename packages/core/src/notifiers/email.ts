import { headline, type MessageTemplate, messageText } from './message.ts';
import type { Callback } from './notification.ts';
import { sendMail } from './send-mail.ts';

/** Options of the notifier `email`. */
export interface EmailOptions {
  /** One address or several. */
  readonly to: string | readonly string[];
  /** One address or several. Default: none. */
  readonly cc?: string | readonly string[];
  /** Default: what happened to what. */
  readonly subject?: MessageTemplate;
  /** Plain text. Default: what happened, why, the run, its owner and a link to the log. */
  readonly text?: MessageTemplate;
  /** Connection of the mail server: see `EmailOperator`. Default `smtp_default`. */
  readonly connectionId?: string;
}

/** Sends a mail: `onFailure: email({ to: 'data@example.com' })`. Its Message-ID is the same when it is sent again after a crash. */
export function email(options: EmailOptions): Callback {
  const { to, cc, subject, text, connectionId } = options;
  return async (notification) => {
    const { dagId, callbackId, connections } = notification;
    await sendMail(connections, {
      to,
      cc,
      subject:
        subject === undefined
          ? `[tsflow] ${headline(notification)}`
          : await messageText(subject, notification),
      text: await messageText(text, notification),
      messageId: `<${dagId}.${callbackId}@tsflow>`,
      connectionId,
    });
  };
}
