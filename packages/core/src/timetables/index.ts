export type { DataInterval, RunInfo, TimeRestriction, Timetable } from './timetable.ts';
