import type { paths } from '../../../src/generated/openapi.ts';

/** What narrows the list of DAGs; also the search part of its URL. */
export type DagFilter = NonNullable<paths['/dags']['get']['parameters']['query']>;

/** What narrows the list of runs. */
export type RunFilter = NonNullable<paths['/runs']['get']['parameters']['query']>;

/** What narrows the list of backfills. */
export type BackfillFilter = NonNullable<paths['/backfills']['get']['parameters']['query']>;

/** What narrows the list of callbacks. */
export type CallbackFilter = NonNullable<paths['/callbacks']['get']['parameters']['query']>;

/** What narrows the list of deadlines that were missed. */
export type MissedDeadlineFilter = NonNullable<paths['/deadlines/missed']['get']['parameters']['query']>;

/** What a report of deadlines is about. */
export type DeadlineReportFilter = paths['/deadlines/report']['get']['parameters']['query'];
export type ReportPeriod = NonNullable<DeadlineReportFilter['by']>;
