import { constantFloats } from '../constants.js';
import { mul, scale, sub } from '../emit.js';
import { defineGradient } from '../rule.js';

/** d xʸ = y · xʸ⁻¹ · dx + xʸ · ln x · dy; the gradient of the exponent is right for positive bases only. */
export const powGradient = defineGradient({
  opType: 'Pow',
  inputs: ['X', 'Y'],
  outputs: ['Z'],
  broadcasts: true,
  gradient({ b, X, Y, Z, dZ, wants }) {
    const exponent = constantFloats(b, Y);
    const isSquare = exponent?.length === 1 && exponent[0] === 2;
    const y = Y.dataType === 'float32' ? Y : b.op('Cast', [Y], { to: 1 });
    const slope = () => (isSquare ? scale(b, X, 2) : mul(b, y, b.op('Pow', [X, sub(b, y, b.scalar(1))])));
    return {
      X: wants.X ? mul(b, dZ, slope()) : null,
      Y: wants.Y ? mul(b, dZ, mul(b, Z, b.op('Log', [X]))) : null,
    };
  },
});
