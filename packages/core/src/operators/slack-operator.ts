import type { TaskContext } from '../dag/context.ts';
import { Operator } from '../dag/operator.ts';
import type { OperatorOptions } from '../dag/operator-options.ts';
import type { Templated } from '../dag/template.ts';
import { postToSlack } from '../notifiers/slack.ts';

interface SlackFields {
  readonly text: string;
  readonly channel?: string;
  readonly connectionId?: string;
  readonly deliveryRetries?: number;
}

/** Options of a {@link SlackOperator}. */
export interface SlackOperatorOptions extends OperatorOptions {
  /** The message, in Slack's own markup. */
  readonly text: Templated<string>;
  /** `#data`; honoured by webhooks that may choose. Default: the webhook's own channel. */
  readonly channel?: Templated<string> | undefined;
  /** Connection whose password is the incoming webhook's address. Default `slack_default`. */
  readonly connectionId?: string | undefined;
  /** How often it is posted again within one try. Default 3. */
  readonly deliveryRetries?: number | undefined;
}

/** Posts a message to Slack as a step of a DAG: a daily report, for one. What tells of failures is the notifier `slack`. */
export class SlackOperator extends Operator<void, SlackFields, SlackOperatorOptions> {
  static override readonly fields = {
    text: 'template',
    channel: 'template',
    connectionId: 'value',
    deliveryRetries: 'value',
  } as const;

  override get defaultConnectionId(): string {
    return 'slack_default';
  }

  async execute(context: TaskContext, { text, deliveryRetries, ...where }: SlackFields): Promise<void> {
    const { signal, connections } = context;
    await postToSlack(connections, text, {
      ...where,
      ...(deliveryRetries === undefined ? {} : { retries: deliveryRetries }),
      signal,
    });
  }
}
