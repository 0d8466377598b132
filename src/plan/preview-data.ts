import type { DataMemory } from '../artifacts/data-memory.js';
import type { Json } from '../core/canonical-json.js';
import type { Registry } from '../core/registry.js';
import type { Dataset, DatasetDefinition, Samples } from '../data/dataset.js';
import type { ResolvedUse } from './plan.js';

/** What a plan needs to know of a data set. Plain JSON. */
interface DataFacts {
  readonly inputShape: readonly number[];
  readonly target: Dataset['target'];
  readonly normalization?: NonNullable<Dataset['normalization']>;
  /** Samples of each split; null for one that there is not. */
  readonly counts: { readonly train: number; readonly validation: number | null; readonly test: number | null };
}

/** A data set whose samples cannot be read. Opens it if it is not remembered. Throws what its reader throws. */
export async function previewData(
  use: ResolvedUse,
  datasets: Registry<DatasetDefinition>,
  memory?: Pick<DataMemory, 'get' | 'note'>,
): Promise<Dataset> {
  const known = await memory?.get(use.digest);
  if (known !== undefined) return fromFacts(known as unknown as DataFacts);
  const definition = datasets.get(use.uses);
  if (definition === undefined) throw new Error(`internal: no data set reader "${use.uses}"`);
  const facts = factsOf(await definition.open({ options: use.options, signal: new AbortController().signal }));
  memory?.note(use.digest, facts as unknown as Json);
  return fromFacts(facts);
}

function factsOf({ inputShape, target, normalization, train, validation, test }: Dataset): DataFacts {
  return {
    inputShape,
    target,
    ...(normalization === undefined ? {} : { normalization }),
    counts: { train: train.count, validation: validation?.count ?? null, test: test?.count ?? null },
  };
}

function fromFacts({ counts, ...rest }: DataFacts): Dataset {
  const split = (count: number): Samples => ({
    count,
    read() {
      throw new Error('the samples of a data set cannot be read while a plan is made');
    },
  });
  return {
    ...rest,
    train: split(counts.train),
    validation: counts.validation === null ? null : split(counts.validation),
    test: counts.test === null ? null : split(counts.test),
  };
}
