export { type BackOff, backOff } from './back-off.ts';
export { errorMessage } from './error-message.ts';
export { endsWithin, sleep, untilAborted } from './sleep.ts';
export { createTaskTracker, type TaskTracker } from './task-tracker.ts';
