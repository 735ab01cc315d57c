import type { ConvertLimits } from './convert-image.ts';

/** The file descriptor of the report in the process of a conversion. */
export const REPORT_FD = 3;

/** What the process of a conversion is asked for, as JSON in its one argument. */
export interface Conversion {
  readonly mime: string;
  /** Of the image, which comes on stdin. */
  readonly bytes: number;
  readonly limits: ConvertLimits;
  /** At this size it ends itself. */
  readonly maxResidentBytes: number;
}
