export * from './session.js';
export * from './version.js';
