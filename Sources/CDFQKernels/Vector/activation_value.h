/* act(t): the negative slope below zero, clamped at the upper bound. */
V_INLINE vf activation_value(vf t, vf negative_slope, vf upper_bound) {
  return v_min(upper_bound, v_select(v_less(t, v_zero()), v_fma(t, negative_slope, v_zero()), t));
}
