import type { Setting } from './page.js';
import { textsOf } from './texts.js';

/**
 * Pages for whoever develops with the service, and not for users: in English alone, as the documentation of
 * the API is, with workshop.css; there are none in production.
 */
export const developerSetting: Setting = {
  texts: textsOf('en'),
  look: null,
  frameOrigins: [],
  formOrigins: [],
};
