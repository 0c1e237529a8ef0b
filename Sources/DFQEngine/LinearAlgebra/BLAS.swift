#if canImport(Accelerate)
  internal import Accelerate
#else
  internal import CBLAS
#endif

/// The few BLAS operations the portable path needs; row-major, single-threaded (the worker pool
/// threads above it).
public enum BLAS {
  /// C (M x N) = op(A) op(B) + beta C, with op(A) M x K and op(B) K x N.
  package static func multiply(
    transposeA: Bool = false, transposeB: Bool = false, rows m: Int, columns n: Int, inner k: Int,
    a: UnsafePointer<Float>, b: UnsafePointer<Float>, beta: Float = 0,
    c: UnsafeMutablePointer<Float>
  ) {
    cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      .init(m), .init(n), .init(k), 1, a, .init(transposeA ? m : k), b, .init(transposeB ? k : n),
      beta, c, .init(n))
  }

  /// Makes the BLAS single-threaded, because the worker pool provides the threads.
  package static func useOneThread() {
    #if !canImport(Accelerate)
      openblas_set_num_threads(1)
    #endif
  }

  /// The configuration that the BLAS reports, with the processor core that its kernels are for.
  public static var configuration: String {
    #if canImport(Accelerate)
      "Accelerate"
    #else
      "\(String(cString: openblas_get_config())) core \(String(cString: openblas_get_corename()))"
    #endif
  }
}
