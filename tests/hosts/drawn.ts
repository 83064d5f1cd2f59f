/** What `consumer/draw.js` answers in every host. */

const again = {
  code: "SPRING-1",
  retried: "SPRING-1",
  repeat: true,
  html: "<p>SPRING-1</p>",
  remaining: 2,
  assigned: 1,
  refused: "PoolNotFoundError POOL_NOT_FOUND true",
};

export const DRAWN = { added: 3, ...again };
export const DRAWN_AGAIN = again;
