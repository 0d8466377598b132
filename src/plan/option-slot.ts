/** What the slots of models that options name begin with, among a cell's inputs; the name follows. */
export const OPTION_SLOT = 'option:';
