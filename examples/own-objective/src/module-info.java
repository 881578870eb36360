/// Sees what the library exports and nothing else; native code runs in `org.panamask`.
module example.objective {
    requires org.panamask;
}
