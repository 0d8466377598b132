/**
 * The environment of a stage's process: what finding programs and libraries takes, what the recipe declares under env,
 * and settings of the allocator. Nothing else, so that a result depends on nothing that is not declared.
 */
export function childEnvironment(parent: NodeJS.ProcessEnv, declared: readonly string[]): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...ALLOCATOR };
  for (const name of [...BASICS, ...declared]) {
    const value = parent[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

const BASICS = ['PATH', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'PATHEXT'];

// glibc gives freed tensors back to the system and pays for the page faults at the next step; a training step is up to
// three times faster when it keeps them. glibc reads these before main() runs, so they cannot be set from inside.
const ALLOCATOR = {
  MALLOC_MMAP_THRESHOLD_: '1073741824',
  MALLOC_TRIM_THRESHOLD_: '1073741824',
  MALLOC_TOP_PAD_: '67108864',
};
