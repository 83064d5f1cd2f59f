/** Uses as a send has them: one message, a contact each. */
export function usesOf(message, count) {
  return Array.from({ length: count }, (_, index) => ({ message, contact: `contact-${index}@example.com` }));
}
