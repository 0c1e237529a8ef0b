/* How a convolution's input is laid out as a plane, for the forward pass and for the gradient at
 * the weights. */

/* Few channels: a row of the kernel becomes one cell. */
V_INLINE int conv_uses_patches(const dfq_conv_shape *s) {
  return s->kernel_width > 1 && s->in_channels < CELL &&
         s->kernel_width * s->in_channels <= 4 * CELL;
}

/* A 1x1 convolution without stride or padding may use any shape with the same number of pixels;
 * long rows are the fastest. */
static dfq_conv_shape conv_flattened(const dfq_conv_shape *shape) {
  enum { LONGEST = 128 };
  dfq_conv_shape s = *shape;
  if (s.kernel_height != 1 || s.kernel_width != 1 || s.stride_height != 1 || s.stride_width != 1 ||
      s.pad_top != 0 || s.pad_left != 0 || s.in_height != s.out_height ||
      s.in_width != s.out_width) {
    return s;
  }
  const int32_t pixels = s.in_height * s.in_width;
  int32_t width = LONGEST;
  while (width > s.in_width && pixels % width != 0) width--;
  if (width > s.in_width) {
    s.in_width = s.out_width = width;
    s.in_height = s.out_height = pixels / width;
  }
  return s;
}

/* The plane that outputs of rows y0 ..< y1 read. */
static plane conv_input_plane(const dfq_conv_shape *s, int patches, int32_t y0, int32_t y1) {
  plane p = {.first = 0};
  p.row = y0 * s->stride_height - s->pad_top;
  p.row_stride = s->kernel_height == 1 ? s->stride_height : 1;
  p.rows = s->kernel_height == 1 ? y1 - y0 : (y1 - y0 - 1) * s->stride_height + s->kernel_height;
  p.column = -s->pad_left;
  p.stride = s->stride_width;
  if (patches) {
    p.phases = 1;
    p.cells = s->out_width;
    p.length = s->kernel_width * s->in_channels;
  } else {
    p.phases = smaller(s->stride_width, s->kernel_width);
    p.cells = s->out_width - 1 + divide_up(s->kernel_width, s->stride_width);
    p.length = s->in_channels;
  }
  plane_finish(&p);
  return p;
}

/* Floats between rows of outputs, in the plane. */
V_INLINE size_t conv_row_advance(const dfq_conv_shape *s, const plane *p) {
  return p->row_step * (size_t)(s->stride_height / p->row_stride);
}

/* Rows of outputs per band, so that a band's plane has at most `floats` floats (but one row at
 * least). */
static int32_t conv_band_rows(const dfq_conv_shape *s, int patches, size_t floats) {
  int32_t rows = s->out_height;
  while (rows > 1) {
    const plane p = conv_input_plane(s, patches, 0, rows);
    if (plane_floats(&p) <= floats) break;
    rows = smaller(rows - 1, (int32_t)((double)rows * floats / plane_floats(&p)) + 1);
  }
  /* Bands of equal height. */
  return divide_up(s->out_height, divide_up(s->out_height, rows));
}
