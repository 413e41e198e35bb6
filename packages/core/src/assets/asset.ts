import { type Duration, durationMs } from '../duration.ts';
import { InvalidInputError } from '../errors.ts';
import type { AssetCondition } from './asset-condition.ts';

/** Brands for all copies of this package in a process. */
const ASSET_BRAND = Symbol.for('tsflow.asset');
const JOINED_BRAND = Symbol.for('tsflow.asset.expression');

/** Assets, and how they are joined to the condition of a schedule: `orders.and(prices.or(rates))`. */
export interface AssetExpression {
  /** Other assets that brought this one about, as serialization keeps it. */
  readonly condition: AssetCondition;
  /** The assets in it, each once. */
  readonly assets: readonly Asset[];
  /** Holds when one of the two does. */
  or(other: AssetExpression): AssetExpression;
  /** Holds when both do. */
  and(other: AssetExpression): AssetExpression;
}

/** What is said about an asset besides its name. */
export interface AssetOptions {
  /** Where the data is, for people: `s3://bucket/orders/`. Default: the name, when that is a URI. */
  readonly uri?: string | undefined;
  /** One line. */
  readonly description?: string | undefined;
  /** How old the newest event may get: after it the asset is shown as stale. A number is seconds. Default: it never is. */
  readonly freshness?: Duration | undefined;
}

/**
 * A piece of data that tasks update and that DAGs are scheduled on: a table, a file, a topic. Its name is its identity over all DAGs
 * of the installation. Throws `InvalidInputError` for a name that is empty, longer than 1,000 characters, or not printable.
 *
 * ```ts
 * const orders = new Asset('orders', { uri: 's3://shop/orders/', freshness: '1d' });
 * new DAG({ dagId: 'load' }, () => void task('write', writeOrders, {}, { outlets: [orders] }));
 * new DAG({ dagId: 'report', schedule: [orders] }, () => …);
 * ```
 */
export class Asset implements AssetExpression {
  readonly name: string;
  /** Where the data is, for people; null: not said. */
  readonly uri: string | null;
  /** One line; null: none. */
  readonly description: string | null;
  /** How old its newest event may get, in milliseconds; null: it never gets stale. */
  readonly freshnessMs: number | null;

  constructor(name: string, options: AssetOptions = {}) {
    Object.defineProperty(this, ASSET_BRAND, { value: true });
    this.name = checkedAssetName(name);
    this.uri = options.uri ?? (/^[a-z][a-z0-9+.-]*:\/\//i.test(name) ? name : null);
    this.description = options.description ?? null;
    this.freshnessMs =
      options.freshness === undefined ? null : durationMs(options.freshness, `Asset "${name}": freshness`);
  }

  get condition(): AssetCondition {
    return { asset: this.name };
  }

  get assets(): readonly Asset[] {
    return [this];
  }

  or(other: AssetExpression): AssetExpression {
    return any(this, other);
  }

  and(other: AssetExpression): AssetExpression {
    return all(this, other);
  }
}

/** Whether `value` is an asset, of whichever copy of this package. */
export function isAsset(value: unknown): value is Asset {
  return typeof value === 'object' && value !== null && ASSET_BRAND in value;
}

/** Whether `value` can be a schedule: an asset, or what {@link any} and {@link all} gave. */
export function isAssetExpression(value: unknown): value is AssetExpression {
  return typeof value === 'object' && value !== null && (ASSET_BRAND in value || JOINED_BRAND in value);
}

/** Holds when at least one of `parts` does: `any(orders, all(prices, rates))`. Throws `InvalidInputError` without parts. */
export function any(...parts: readonly AssetExpression[]): AssetExpression {
  return new Joined('any', parts);
}

/** Holds when every one of `parts` does; a plain list as a schedule means the same. Throws `InvalidInputError` without parts. */
export function all(...parts: readonly AssetExpression[]): AssetExpression {
  return new Joined('all', parts);
}

class Joined implements AssetExpression {
  readonly condition: AssetCondition;
  readonly assets: readonly Asset[];

  constructor(how: 'any' | 'all', parts: readonly AssetExpression[]) {
    Object.defineProperty(this, JOINED_BRAND, { value: true });
    if (parts.length === 0 || !parts.every(isAssetExpression)) {
      throw new InvalidInputError(`${how}(…) expects assets: ${how}(orders, prices).`);
    }
    const conditions = parts.map((part) => part.condition);
    this.condition = how === 'any' ? { any: conditions } : { all: conditions };
    this.assets = [
      ...new Map(parts.flatMap((part) => part.assets).map((asset) => [asset.name, asset])).values(),
    ];
  }

  or(other: AssetExpression): AssetExpression {
    return any(this, other);
  }

  and(other: AssetExpression): AssetExpression {
    return all(this, other);
  }
}

const MAX_NAME = 1_000;

/** The name, if it can be one. Throws `InvalidInputError`. */
export function checkedAssetName(name: unknown): string {
  if (
    typeof name === 'string' &&
    name.length <= MAX_NAME &&
    /^[^\p{C}\s](?:[^\p{C}]*[^\p{C}\s])?$/u.test(name)
  )
    return name;
  throw new InvalidInputError(
    `An asset needs a name of 1 to ${MAX_NAME} printable characters, got ${JSON.stringify(name) ?? String(name)}.`,
  );
}
