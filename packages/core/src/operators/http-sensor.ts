import type { TaskContext } from '../dag/context.ts';
import type { OperatorOptions } from '../dag/operator-options.ts';
import type { TemplatedFields } from '../dag/template.ts';
import { TsflowError } from '../errors.ts';
import { Sensor, type SensorOptions } from './sensor.ts';

interface HttpFields {
  /** The whole address. */
  readonly url: string;
  /** Default `GET`. */
  readonly method?: string;
  /** Sent with the request. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is. Default: none. */
  readonly body?: string;
  /** What the response means, as `poke` of a sensor says it. Default: any 2xx is there, 404 is not yet. */
  readonly responseCheck?: (response: Response) => unknown;
  /** Longest time for one request, in milliseconds. Default 30 s. */
  readonly requestTimeoutMs?: number;
}

/** Functions of the author are given as they are; the rest may be templated. */
export type HttpSensorOptions = OperatorOptions &
  SensorOptions &
  TemplatedFields<Omit<HttpFields, 'responseCheck'>> &
  Pick<HttpFields, 'responseCheck'>;

/** Thrown by {@link HttpSensor} when a response is neither what it waits for nor "not yet". */
export class HttpResponseError extends TsflowError {
  /** What was answered. */
  readonly status: number;

  constructor(url: string, status: number) {
    super('http_response', `${url} answered with status ${status}: expected 2xx, or 404 for "not yet".`);
    this.status = status;
  }
}

const REQUEST_TIMEOUT_MS = 30_000;

/**
 * Asks a URL until it answers as wanted: `new HttpSensor({ taskId: 'ready', url: 'https://…/{{ ds }}' })`. A response of 5xx, and a
 * server that cannot be reached, are "not yet" as well: waiting for it is what a sensor is for. Waits with others in one process
 * (`mode: 'defer'`) unless told otherwise.
 */
export class HttpSensor<Output = never> extends Sensor<Output, HttpFields, HttpSensorOptions> {
  static override readonly fields = {
    ...Sensor.fields,
    url: 'template',
    method: 'value',
    headers: 'template',
    body: 'template',
    responseCheck: 'value',
    requestTimeoutMs: 'value',
  } as const;
  protected override readonly defaultMode = 'defer';

  async poke(context: TaskContext, fields: HttpFields): Promise<Output | boolean | null> {
    const response = await this.#request(context, fields);
    if (response === null) return null;
    if (fields.responseCheck !== undefined)
      return (await fields.responseCheck(response)) as Output | boolean | null;
    await response.body?.cancel();
    if (response.ok) return true;
    if (response.status === 404) return null;
    throw new HttpResponseError(fields.url, response.status);
  }

  /** Null: it cannot be asked just now. */
  async #request(
    { signal, log }: TaskContext,
    { url, method = 'GET', headers = {}, body, requestTimeoutMs = REQUEST_TIMEOUT_MS }: HttpFields,
  ): Promise<Response | null> {
    try {
      const response = await fetch(url, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
      });
      if (response.status < 500) return response;
      await response.body?.cancel();
      log.debug(`${url} answered with status ${response.status}.`);
    } catch (error) {
      signal.throwIfAborted();
      log.debug(`${url} could not be asked: ${String((error as Error).cause ?? error)}`);
    }
    return null;
  }
}
