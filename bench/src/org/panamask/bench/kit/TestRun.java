package org.panamask.bench.kit;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.ClassNameFilter;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Runs the test classes whose names match and writes down how each test went: `TestRun FILE PATTERN...`, where results
/// go to FILE, after each class anew, and the PATTERNs are regular expressions of class names.
final class TestRun implements TestExecutionListener {
    private static final int LONGEST = 2000;
    private static final int MOST_FAILURES = 100;

    private final JsonMapper mapper = JsonMapper.builder().build();
    private final ObjectNode found = mapper.createObjectNode();
    private final Path file;
    private Optional<TestPlan> plan = Optional.empty();
    private int passed;
    private int failed;
    private int skipped;

    private TestRun(Path file) {
        this.file = file;
        found.putArray("failures");
        found.putObject("skips");
    }

    /// Runs what `arguments` say; the exit code is 1 if a test failed.
    public static void main(String[] arguments) {
        List<String> patterns = Arrays.asList(arguments).subList(1, arguments.length);
        TestRun run = new TestRun(Path.of(arguments[0]));
        try (LauncherSession session = LauncherFactory.openSession()) {
            Launcher launcher = session.getLauncher();
            launcher.execute(
                    LauncherDiscoveryRequestBuilder.request()
                            .selectors(DiscoverySelectors.selectPackage("org.panamask"))
                            .filters(ClassNameFilter.includeClassNamePatterns(patterns.toArray(String[]::new)))
                            .build(),
                    run);
        }
        run.write();
        // Not by itself: a driver's threads may be left.
        System.exit(run.failed == 0 ? 0 : 1);
    }

    @Override
    public void testPlanExecutionStarted(TestPlan started) {
        plan = Optional.of(started);
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        skip(test, reason);
    }

    private void skip(TestIdentifier test, String reason) {
        skipped++;
        ObjectNode skips = (ObjectNode) found.path("skips");
        skips.put(reason, skips.path(reason).asInt(0) + 1);
        System.out.println("skipped " + name(test) + ": " + reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        switch (result.getStatus()) {
            case SUCCESSFUL -> {
                if (test.isTest()) {
                    passed++;
                    System.out.println("passed  " + name(test));
                }
            }
            case ABORTED ->
                skip(test, result.getThrowable().map(Throwable::getMessage).orElse("without a reason"));
            case FAILED -> fail(test, result);
        }
        if (!test.isTest()) {
            write();
        }
    }

    private void fail(TestIdentifier test, TestExecutionResult result) {
        failed++;
        StringWriter trace = new StringWriter();
        result.getThrowable().ifPresent(thrown -> thrown.printStackTrace(new PrintWriter(trace)));
        String said = trace.toString();
        System.out.println("FAILED  " + name(test) + "\n" + said);
        if (failed <= MOST_FAILURES) {
            found.withArray("failures")
                    .addObject()
                    .put("test", name(test))
                    .put("said", said.substring(0, Math.min(LONGEST, said.length())));
        }
    }

    /// The names from the class to the test.
    private String name(TestIdentifier test) {
        String above = plan.flatMap(known -> known.getParent(test))
                .filter(parent -> parent.getParentIdObject().isPresent())
                .map(this::name)
                .orElse("");
        return above.isEmpty() ? test.getDisplayName() : above + " > " + test.getDisplayName();
    }

    private void write() {
        found.put("passed", passed).put("failed", failed).put("skipped", skipped);
        mapper.writerWithDefaultPrettyPrinter().writeValue(file, found);
    }
}
