import type { EmittedAssetEvent } from '../../assets/index.ts';
import type { Deferral } from '../../dag/wait.ts';
import type { SerializedError } from '../../errors.ts';
import type { Json, JsonObject } from '../../json.ts';

/** How an attempt ended, or why it stops for now. */
export type TaskOutcome =
  | {
      readonly kind: 'success';
      readonly xcoms: { readonly [key: string]: Json };
      readonly decision?: TaskDecision;
      /** What is new in its outlets; one that is not here has an event all the same, which says nothing. */
      readonly assetEvents?: readonly EmittedAssetEvent[];
    }
  | { readonly kind: 'failed'; readonly error: SerializedError; readonly retryable: boolean }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'reschedule'; readonly atMs: number; readonly savedState: JsonObject | null }
  | { readonly kind: 'defer'; readonly deferral: Deferral; readonly savedState: JsonObject | null };

/** What a branch or short-circuit task decided about its downstream. Ids of tasks or of groups. */
export type TaskDecision =
  | { readonly kind: 'branch'; readonly chosen: readonly string[] }
  | { readonly kind: 'short_circuit'; readonly proceed: boolean }
  /** Whether the loop around the task is done. */
  | { readonly kind: 'until'; readonly isMet: boolean };
