/** JSON that a person types. */

/** Return the value; throw a sentence that names ``what`` it should be. */
export function jsonOf(text, what) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`The ${what} is not JSON: ${error.message}`);
  }
}
