import { type Title, titlePipeline } from './title-pipeline.ts';
import titles from './titles.json' with { type: 'json' };

// A DAG for each entry of a JSON file, all made by one factory: a new title is a new line there.

for (const title of titles satisfies Title[]) titlePipeline(title);
