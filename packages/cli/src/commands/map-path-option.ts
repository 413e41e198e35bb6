/** Its `mapPath`, as JSON and REST have it: a component for each level that is mapped. */
export const MAP_PATH = [
  '--map-path <path>',
  'which instance of a mapped task: "3", or "3.0" when nested',
] as const;
