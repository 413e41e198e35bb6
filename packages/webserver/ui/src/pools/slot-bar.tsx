/** Up to this many slots each is a square of its own; more are one bar. */
const MOST_SQUARES = 64;

/** Slots of a pool, the taken ones filled. For the eye alone: whoever uses it says the numbers, too. */
export function SlotBar({ slots, used }: { slots: number; used: number }) {
  if (slots < 0) return <span className="slot-bar" data-unlimited aria-hidden="true" />;
  const part = slots === 0 ? (used > 0 ? 1 : 0) : Math.min(1, used / slots);
  return (
    <span
      className="slot-bar"
      data-squares={(slots > 0 && slots <= MOST_SQUARES) || undefined}
      data-full={(used >= slots && slots > 0) || undefined}
      style={{ '--slots': slots }}
      aria-hidden="true"
    >
      <i data-state="running" style={{ width: `${part * 100}%` }} />
    </span>
  );
}
