typedef struct {
  vf rate, momentum, decay;
  int nesterov;
} sgd_settings;

V_INLINE void sgd_step(const sgd_settings *s, float *w, float *velocity, const float *g, int n) {
  const vf weight = v_load_n(w, n);
  const vf gradient = v_fma(s->decay, weight, v_load_n(g, n));
  const vf v = v_fma(s->momentum, v_load_n(velocity, n), gradient);
  const vf step = s->nesterov ? v_fma(s->momentum, v, gradient) : v;
  v_store_n(velocity, n, v);
  v_store_n(w, n, v_fma(s->rate, step, weight));
}

static void vector_sgd(float *w, float *velocity, const float *g, size_t count, float rate,
                       float momentum, float decay, int32_t nesterov) {
  const sgd_settings s = {v_set(-rate), v_set(momentum), v_set(decay), nesterov};
#define BODY(i, n) sgd_step(&s, w + i, velocity + i, g + i, n)
  FOR_VECTORS(count, BODY);
#undef BODY
}

typedef struct {
  vf rate, beta1, beta2, rest1, rest2, epsilon, correction1, correction2;
} adam_settings;

V_INLINE void adam_step(const adam_settings *s, float *w, float *m, float *v, const float *g,
                        int n) {
  const vf gradient = v_load_n(g, n);
  const vf first = v_fma(s->beta1, v_load_n(m, n), v_mul(s->rest1, gradient));
  const vf second =
      v_fma(s->beta2, v_load_n(v, n), v_mul(v_mul(s->rest2, gradient), gradient));
  const vf deviation = v_add(v_sqrt(v_div(second, s->correction2)), s->epsilon);
  const vf step = v_div(v_mul(s->rate, v_div(first, s->correction1)), deviation);
  v_store_n(m, n, first);
  v_store_n(v, n, second);
  v_store_n(w, n, v_sub(v_load_n(w, n), step));
}

static void vector_adam(float *w, float *m, float *v, const float *g, size_t count, float rate,
                        float beta1, float beta2, float epsilon, float correction1,
                        float correction2) {
  const adam_settings s = {v_set(rate),      v_set(beta1),     v_set(beta2),
                           v_set(1 - beta1), v_set(1 - beta2), v_set(epsilon),
                           v_set(correction1), v_set(correction2)};
#define BODY(i, n) adam_step(&s, w + i, m + i, v + i, g + i, n)
  FOR_VECTORS(count, BODY);
#undef BODY
}
