/** Keys and indices that lead from a document's root to one of its values. */
export type Path = readonly (string | number)[];
