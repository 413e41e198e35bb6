export { AssetTimetable } from './asset-timetable.ts';
export { ContinuousTimetable } from './continuous-timetable.ts';
export { CRON_PRESETS } from './cron.ts';
export { CronDataIntervalTimetable } from './cron-data-interval-timetable.ts';
export { CronTriggerTimetable } from './cron-trigger-timetable.ts';
export { AuthoredTimetable, type CustomTimetable } from './custom-timetable.ts';
export {
  type DailyPlan,
  isDailyPlan,
  type ParsedPlan,
  type PlanReading,
  type PlanWindow,
  parseDailyPlan,
} from './daily-plan.ts';
export { DeltaTimetable } from './delta-timetable.ts';
export { EventsTimetable } from './events-timetable.ts';
export { coversRange, HorizonTimetable } from './horizon-timetable.ts';
export { MonthsTimetable } from './months-timetable.ts';
export { MultiCronTimetable } from './multi-cron-timetable.ts';
export { NullTimetable } from './null-timetable.ts';
export { OnceTimetable } from './once-timetable.ts';
export {
  type PackedHorizon,
  type PackedRun,
  packedSlot,
  packHorizon,
  unpackHorizon,
} from './packed-horizon.ts';
export {
  type AssetsOrTime,
  type Schedule,
  type ScheduleOptions,
  scheduledAssets,
  timetableFromSchedule,
} from './schedule.ts';
export { InvalidScheduleError } from './schedule-error.ts';
export { computeHorizon, type HorizonWish, type TickHorizon } from './tick-horizon.ts';
export type { DataInterval, RunInfo, TimeRestriction, Timetable } from './timetable.ts';
export { needsHorizon, timetableFromJson } from './timetable-json.ts';
export { parseInstant, parseRangeEnd, zonedDay } from './written-instant.ts';
export { Zone } from './zone-readings.ts';
