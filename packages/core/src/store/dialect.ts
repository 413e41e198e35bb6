import type { Kysely, RawBuilder, Transaction } from 'kysely';
import type { Channel, EventTail } from './store.ts';
import type { Tables } from './tables.ts';
import type { Turn, TurnResult } from './turn.ts';

/**
 * The whole difference between SQLite and PostgreSQL, on one page. Every port of the store is written once, over this.
 */
export interface Dialect {
  readonly name: 'sqlite' | 'postgres';
  readonly db: Kysely<Tables>;

  /**
   * Runs `work` in one write transaction, and as a whole again when the database made it lose a race, so it may run more than
   * once. Differs because SQLite has one writer and waits for it in front (BEGIN IMMEDIATE), while PostgreSQL finds out at the
   * end (40001, 40P01). `announce` is told to other processes if the transaction commits.
   */
  write<T>(work: (tx: Transaction<Tables>) => Promise<T>, announce?: Announcement): Promise<T>;

  /** Writes a turn that passed the gate. Differs because the hot path is bound statement by statement here, by arrays there. */
  commitTurn(turn: Turn): Promise<TurnResult>;

  /** `column in values`, for any number of values as one parameter. Differs because SQLite has no arrays. */
  among(column: string, values: readonly (string | number)[]): RawBuilder<boolean>;

  /** Appended to a select: locks its rows. Differs because SQLite locks the whole file at BEGIN. */
  readonly forUpdate: RawBuilder<unknown>;
  /** Appended to a select: locks its rows, passing over those that another transaction has. */
  readonly skipLocked: RawBuilder<unknown>;
  /** Lets one transaction at a time pass for each `name`, until its end. */
  oneAtATime(tx: Transaction<Tables>, name: string): Promise<void>;

  /** Words in which the migrations differ. */
  readonly words: SchemaWords;
  /** Makes the transaction fit for a migration: long, and alone. */
  prepareMigration(tx: Transaction<Tables>): Promise<void>;
  /** Makes room for the events of the coming months. Differs because SQLite has no partitions. */
  keepPartitions(now: number): Promise<void>;

  /**
   * Claims the place of the only scheduler, until `close`; true when this call took it, so that whoever had it before is dead.
   * Differs because PostgreSQL takes any number of schedulers: always false there.
   */
  claimScheduler(): Promise<boolean>;

  readonly events: EventTail;
  listen(channel: Channel, onNotify: (payload: string) => void): Promise<() => Promise<void>>;
  /** Differs because SQLite has no NOTIFY: there the sockets of the living schedulers are pinged. */
  notify(announcement: Announcement): Promise<void>;
  close(): Promise<void>;
}

export interface Announcement {
  readonly channel: Channel;
  readonly payload: string;
}

/** Column and table endings for `create table`. */
export interface SchemaWords {
  readonly dialect: 'sqlite' | 'postgres';
  /** A query that has a row when the table of applied migrations exists. */
  readonly findMigrations: string;
  /** Type of instants, flags, counts and keys. */
  readonly int: string;
  /** Type and constraint of a primary key that the database numbers. */
  readonly identity: string;
  /** Ending of a table. */
  readonly table: string;
  /** Ending of a table whose rows are updated all the time: room for updates in place. */
  readonly hotTable: string;
  /** Ending of a table that is read by its primary key alone. */
  readonly keyedTable: string;
}
