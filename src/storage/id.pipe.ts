import type { PipeTransform } from '@nestjs/common';
import { WatchwordError } from '../errors.js';
import type { IdPrefix } from './ids.js';

/** Lets only ids of one kind through; any other text is no id of anything here (S105). */
export class IdPipe implements PipeTransform<string, string> {
  private readonly shape: RegExp;

  constructor(prefix: IdPrefix) {
    this.shape = new RegExp(`^${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}$`);
  }

  transform(text: string): string {
    if (!this.shape.test(text)) throw new WatchwordError('not_found');
    return text;
  }
}
