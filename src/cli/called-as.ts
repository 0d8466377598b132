/**
 * What a user types to call Lathe: `lathe` where it is a command of its own, `npx lathe` where a project has it.
 * @param script the path by which node was called
 */
export function calledAs(script: string, env: NodeJS.ProcessEnv): string {
  const isOfProject = /[\\/]node_modules[\\/]\.bin[\\/]/.test(script) || env.npm_command === 'exec';
  return isOfProject ? 'npx lathe' : 'lathe';
}
