import type { Random } from '../core/random.js';
import type { Dataset } from '../data/dataset.js';
import type { Model } from '../onnx/ir.js';

/** What is known of a model before it is made. */
export interface ModelPreview {
  /** Nodes, names, shapes and types as they will be. Shared: change a copy (`cloneModel`). */
  readonly model: Model;
  /**
   * True if the weights are those that the stage will find. If not, stand-ins take their place: some number other than 0,
   * and 0 where weights will be 0, as far as that is known.
   */
  readonly hasWeights: boolean;
}

export interface CollectedPreview {
  readonly label: string;
  readonly labels: Readonly<Record<string, string | number | boolean>>;
  readonly preview: ModelPreview | null;
}

/** What a stage's `plan` receives; like what `run` does, but nothing has been computed. */
export interface PreviewContext<Options, Slots extends string = string> {
  readonly options: Options;
  /** The connected slots; null where nothing is known of the model, for instance because its stage has no `plan`. */
  readonly inputs: { readonly [slot in Slots]: ModelPreview | null };
  /** The model that an option marked `x-lathe: model` names. */
  model(name: string): ModelPreview | null;
  /** The models that `collect` brings, sorted by label; empty unless the stage `collects`. */
  readonly collected: readonly CollectedPreview[];
  /** Shape, labels and number of samples of the data set that an option names. Its samples cannot be read here. */
  data(name: string): Promise<Dataset>;
  /** The network that an option names, fitted to the data set. */
  network(name: string, data: Dataset): Promise<ModelPreview>;
  /** For what asks for random numbers; they are not those that `run` will get. */
  readonly random: Random;
}

/** What `plan` tells; whatever is left out is not known. */
export interface StagePreview {
  /** Outputs declared as 'model' or as chosen. One declared as `same` follows from the input. */
  readonly outputs?: Readonly<Record<string, ModelPreview | null>>;
  /** What selections in the options mean: the option's name to the names of layers or tensors. */
  readonly matches?: Readonly<Record<string, readonly string[]>>;
  /**
   * Bytes that `run` will hold at its peak, besides what Node and onnxruntime take: rather too many than too few, but not more than
   * about twice as many. Stages run at the same time only as far as their memory allows.
   */
  readonly memory?: number;
}
