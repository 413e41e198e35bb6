/** Which instance of a mapped task, behind its id: `[3]`, or `[3: tokyo]` when its index has a name. Nothing when it is not mapped. */
export function MapIndex({ of }: { of: Parameters<typeof mapIndexText>[0] }) {
  const text = mapIndexText(of);
  return text === '' ? null : <span className="faint"> {text}</span>;
}

export function mapIndexText({
  mapPath,
  renderedMapIndex,
}: {
  readonly mapPath: string;
  readonly renderedMapIndex?: string | null | undefined;
}): string {
  if (mapPath === '') return '';
  return renderedMapIndex ? `[${mapPath}: ${renderedMapIndex}]` : `[${mapPath}]`;
}
