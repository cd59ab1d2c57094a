/** Reads damaged files, so many one after the other; see child.ts. */
import { serveRounds } from './child';
import { readSamples } from './read-samples';
import { hostileReaders } from './readers';

void serveRounds(({ folder }) => hostileReaders(readSamples(folder), folder));
