/// Diffusion language models on the JVM: fine-tune them, run them, embed them.
///
/// Start with `--enable-native-access=org.panamask` when the `cpu` backend is to be used; without it Java warns, and
/// later releases refuse.
module org.panamask {
    requires static org.jspecify;
    requires ai.djl.tokenizers;
    requires jdk.management;
    requires info.picocli;
    requires org.snakeyaml.engine;
    requires tools.jackson.databind;

    exports org.panamask;
    exports org.panamask.autograd;
    exports org.panamask.backend;
    exports org.panamask.checkpoint;
    exports org.panamask.config;
    exports org.panamask.data;
    exports org.panamask.diffusion;
    exports org.panamask.eval;
    exports org.panamask.launch;
    exports org.panamask.model;
    exports org.panamask.nn;
    exports org.panamask.plan;
    exports org.panamask.report;
    exports org.panamask.sampling;
    exports org.panamask.tensor;
    exports org.panamask.text;
    exports org.panamask.text.template;
    exports org.panamask.train;

    opens org.panamask.app to
            info.picocli;

    uses org.panamask.backend.BackendProvider;

    provides org.panamask.backend.BackendProvider with
            org.panamask.backend.cpu.CpuProvider,
            org.panamask.backend.cuda.CudaProvider,
            org.panamask.backend.reference.ReferenceProvider;
}
