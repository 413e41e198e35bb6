import { MapIndex, mapIndexText } from '../state/map-index.tsx';

type Named = { readonly taskId: string } & Parameters<typeof mapIndexText>[0];

/** A task, and behind it which of its instances when it is mapped: `load [3: tokyo]`. */
export function TaskName({ of }: { of: Named }) {
  return (
    <>
      {of.taskId}
      <MapIndex of={of} />
    </>
  );
}

/** The same as text. */
export function taskName(of: Named): string {
  return `${of.taskId} ${mapIndexText(of)}`.trimEnd();
}
