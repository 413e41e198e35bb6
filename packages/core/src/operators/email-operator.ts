import type { TaskContext } from '../dag/context.ts';
import { Operator } from '../dag/operator.ts';
import type { OperatorOptions } from '../dag/operator-options.ts';
import type { Templated } from '../dag/template.ts';
import { sendMail } from '../notifiers/send-mail.ts';

interface EmailFields {
  readonly to: string | readonly string[];
  readonly cc?: string | readonly string[];
  readonly from?: string;
  readonly subject: string;
  readonly text?: string;
  readonly html?: string;
  readonly connectionId?: string;
}

/** Options of an {@link EmailOperator}. */
export interface EmailOperatorOptions extends OperatorOptions {
  /** One address or several. */
  readonly to: Templated<string> | Templated<readonly string[]>;
  /** One address or several. Default: none. */
  readonly cc?: Templated<string> | Templated<readonly string[]> | undefined;
  /** Default: the connection's extra `from`, else its login. */
  readonly from?: Templated<string> | undefined;
  /** One line. */
  readonly subject: Templated<string>;
  /** Plain text. Beside `html`, for those that show none. */
  readonly text?: Templated<string> | undefined;
  /** As HTML; `include('./mail.html')` reads it from a file beside the DAG file. */
  readonly html?: Templated<string> | undefined;
  /**
   * Mail server: host, port (default 25, with TLS 465), login and password; extra `tls: true` speaks TLS from the start, `from` is the
   * sender. Default `smtp_default`.
   */
  readonly connectionId?: string | undefined;
}

/** Sends a mail; its output is the Message-ID, which is the same for every attempt. Throws `MailFailedError`. */
export class EmailOperator extends Operator<string, EmailFields, EmailOperatorOptions> {
  static override readonly fields = {
    to: 'template',
    cc: 'template',
    from: 'template',
    subject: 'template',
    text: 'template',
    html: 'template',
    connectionId: 'value',
  } as const;

  override get defaultConnectionId(): string {
    return 'smtp_default';
  }

  async execute(context: TaskContext, fields: EmailFields): Promise<string> {
    const { dagId, runId, taskId } = context;
    const name = `${dagId}.${taskId}.${runId}`.replace(/[^\w.-]/g, '_');
    return sendMail(context.connections, { ...fields, messageId: `<${name}@tsflow>` });
  }
}
