/** The member that every form of a page has beside its own. */
export const FORM_TOKEN = 'form_token';
