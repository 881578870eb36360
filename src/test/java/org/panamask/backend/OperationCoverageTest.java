package org.panamask.backend;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.panamask.autograd.Accumulators;
import org.panamask.autograd.Tape;
import org.panamask.tensor.BackwardOps;
import org.panamask.tensor.Ops;

/// Fails when an operation is added without a case in the contract of all backends, or without a gradient case.
class OperationCoverageTest {
    /// Operations that nothing is differentiated through: numbers in and out, bookkeeping, and what only predicts.
    private static final Set<String> WITHOUT_GRADIENT = Set.of(
            "dtype",
            "sumType",
            "roundRows",
            "ints",
            "doubles",
            "scoped",
            "zeros",
            "logits",
            "argmax",
            "sample",
            "extrapolate",
            "storeRows",
            "withRows",
            "expectation");

    /// Operations of training that are not a way back.
    private static final Set<String> NOT_BACKWARD = Set.of("weight", "sumOfSquares", "adamW");

    /// The operations that classes and what is nested in them call, with the types of their parameters.
    private static Set<String> calls(Class<?>... classes) {
        Class<?>[] all = Stream.concat(Stream.of(classes), Stream.of(Ops.class, BackwardOps.class))
                .flatMap(each -> Stream.concat(Stream.of(each), Arrays.stream(each.getDeclaredClasses())))
                .toArray(Class<?>[]::new);
        // Following everything else that they mention through the class path would take seconds.
        JavaClasses read = ArchConfiguration.withThreadLocalScope(configuration -> {
            configuration.setResolveMissingDependenciesFromClassPath(false);
            return new ClassFileImporter().importClasses(all);
        });
        return read.stream().flatMap(OperationCoverageTest::calls).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Stream<String> calls(JavaClass from) {
        return Stream.concat(from.getMethodCallsFromSelf().stream(), from.getMethodReferencesFromSelf().stream())
                .filter(call -> call.getTargetOwner().isAssignableTo(Ops.class))
                .map(call -> call.getTarget().getName()
                        + call.getTarget().getRawParameterTypes().stream()
                                .map(JavaClass::getName)
                                .toList());
    }

    private static Set<String> operations(Class<? extends Ops> vocabulary, Set<String> except) {
        return Arrays.stream(vocabulary.getDeclaredMethods())
                .filter(method -> !method.isSynthetic() && !except.contains(method.getName()))
                .map(OperationCoverageTest::signature)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String signature(Method method) {
        return method.getName()
                + Arrays.stream(method.getParameterTypes()).map(Class::getName).toList();
    }

    @Test
    void everyOperationHasAContract() {
        Set<String> called = calls(
                OpsContractTest.class,
                LayerContractTest.class,
                AttentionContractTest.class,
                HeadContractTest.class,
                Inputs.class);
        assertThat(called)
                .containsAll(operations(Ops.class, Set.of()))
                .containsAll(operations(BackwardOps.class, Set.of()));
    }

    @Test
    void everyDifferentiableOperationHasAGradientCase() throws ClassNotFoundException {
        assertThat(calls(Class.forName("org.panamask.autograd.GradientCases")))
                .containsAll(operations(Ops.class, WITHOUT_GRADIENT));
    }

    /// What the gradient cases go back through.
    @Test
    void everyWayBackIsTakenByTheTape() throws ClassNotFoundException {
        assertThat(calls(Tape.class, Accumulators.class, Class.forName("org.panamask.autograd.Gradients")))
                .containsAll(operations(BackwardOps.class, NOT_BACKWARD));
    }
}
